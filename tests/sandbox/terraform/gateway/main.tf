# The public API on the VPC link. Of its methods those of the first level are here: the provider asks for each one by itself, and API
# Gateway answers ten questions a second. The others came with an import.

variable "cluster" {
  type = string
}

data "aws_lb" "shop" {
  name = var.cluster
}

locals {
  methods = {
    account         = ["GET", "PUT"]
    cart            = ["GET", "POST", "DELETE"]
    checkout        = ["POST"]
    orders          = ["GET"]
    products        = ["GET", "POST"]
    search          = ["GET"]
    recommendations = ["GET"]
  }
  routes = merge([for path, verbs in local.methods : { for verb in verbs : "${verb} ${path}" => { path = path, verb = verb } }]...)
}

resource "aws_api_gateway_vpc_link" "shop" {
  name        = var.cluster
  target_arns = [data.aws_lb.shop.arn]
}

resource "aws_api_gateway_rest_api" "shop" {
  name           = "shop"
  description    = "The shop's public API"
  api_key_source = "HEADER"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "route" {
  for_each    = local.methods
  rest_api_id = aws_api_gateway_rest_api.shop.id
  parent_id   = aws_api_gateway_rest_api.shop.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_method" "route" {
  for_each         = local.routes
  rest_api_id      = aws_api_gateway_rest_api.shop.id
  resource_id      = aws_api_gateway_resource.route[each.value.path].id
  http_method      = each.value.verb
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "route" {
  for_each                = local.routes
  rest_api_id             = aws_api_gateway_rest_api.shop.id
  resource_id             = aws_api_gateway_resource.route[each.value.path].id
  http_method             = aws_api_gateway_method.route[each.key].http_method
  type                    = "HTTP_PROXY"
  integration_http_method = each.value.verb
  uri                     = "http://shop.example.com/${each.value.path}"
  connection_type         = "VPC_LINK"
  connection_id           = aws_api_gateway_vpc_link.shop.id
  passthrough_behavior    = "WHEN_NO_MATCH"
}

resource "aws_api_gateway_deployment" "shop" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  description = "Release 2026-11-01"
}

resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.shop.id
  stage_name    = "prod"
  deployment_id = aws_api_gateway_deployment.shop.id
}

resource "aws_api_gateway_api_key" "shop" {
  for_each    = toset(["web", "mobile"])
  name        = each.key
  description = ""
}

resource "aws_api_gateway_usage_plan" "shop" {
  name = "shop"

  api_stages {
    api_id = aws_api_gateway_rest_api.shop.id
    stage  = aws_api_gateway_stage.prod.stage_name
  }

  throttle_settings {
    rate_limit  = 10000
    burst_limit = 5000
  }
}

resource "aws_api_gateway_usage_plan_key" "shop" {
  for_each      = aws_api_gateway_api_key.shop
  key_id        = each.value.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.shop.id
}
