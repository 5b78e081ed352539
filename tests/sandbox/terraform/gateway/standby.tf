# The second link, which leads to the cluster that does not serve.

variable "standby" {
  type = string
}

data "aws_lb" "standby" {
  name = var.standby
}

resource "aws_api_gateway_vpc_link" "standby" {
  name        = var.standby
  target_arns = [data.aws_lb.standby.arn]
}
