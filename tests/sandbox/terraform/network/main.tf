# The shared network: a VPC with three private subnets in three zones, each with its route table.

locals {
  ranges = { a = "10.64.0.0/20", b = "10.64.16.0/20", c = "10.64.32.0/20" }
}

resource "aws_vpc" "shop" {
  cidr_block           = "10.64.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "shop", team = "shop" }
}

resource "aws_subnet" "private" {
  for_each          = local.ranges
  vpc_id            = aws_vpc.shop.id
  cidr_block        = each.value
  availability_zone = "eu-central-1${each.key}"
  tags = {
    Name                              = "shop-private-eu-central-1${each.key}"
    team                              = "shop"
    "kubernetes.io/role/internal-elb" = "1"
  }
}

resource "aws_route_table" "private" {
  for_each = local.ranges
  vpc_id   = aws_vpc.shop.id
  tags     = { Name = "shop-private-eu-central-1${each.key}", team = "shop" }
}

resource "aws_route_table_association" "private" {
  for_each       = local.ranges
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}
