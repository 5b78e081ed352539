# The cluster with its nodes, and the load balancer in front of them.

variable "cluster" {
  type = string
}

variable "kubernetes_version" {
  type = string
}

data "aws_vpc" "shop" {
  tags = { Name = "shop" }
}

data "aws_subnet" "private" {
  for_each = toset(["a", "b", "c"])
  vpc_id   = data.aws_vpc.shop.id
  tags     = { Name = "shop-private-eu-central-1${each.key}" }
}

data "aws_iam_role" "shop" {
  for_each = toset(["cluster", "node", "operator"])
  name     = "shop-${each.key}"
}

locals {
  subnets = [for subnet in data.aws_subnet.private : subnet.id]
}

resource "aws_security_group" "control_plane" {
  name        = "${var.cluster}-control-plane"
  description = "Control plane of ${var.cluster}"
  vpc_id      = data.aws_vpc.shop.id
  tags        = { Name = "${var.cluster}-control-plane", team = "shop" }
}

resource "aws_security_group" "nodes" {
  name        = "${var.cluster}-nodes"
  description = "Nodes of ${var.cluster}"
  vpc_id      = data.aws_vpc.shop.id
  tags        = { Name = "${var.cluster}-nodes", team = "shop" }
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  for_each          = { http = 30080, https = 30443 }
  security_group_id = aws_security_group.nodes.id
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = data.aws_vpc.shop.cidr_block
  description       = "Load balancer to the ingress controller"
}

resource "aws_security_group_rule" "nodes_from_nodes" {
  type              = "ingress"
  security_group_id = aws_security_group.nodes.id
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  self              = true
}

resource "aws_security_group_rule" "nodes_from_control_plane" {
  type                     = "ingress"
  security_group_id        = aws_security_group.nodes.id
  protocol                 = "tcp"
  from_port                = 1025
  to_port                  = 65535
  source_security_group_id = aws_security_group.control_plane.id
}

resource "aws_security_group_rule" "control_plane_from_nodes" {
  type                     = "ingress"
  security_group_id        = aws_security_group.control_plane.id
  protocol                 = "tcp"
  from_port                = 443
  to_port                  = 443
  source_security_group_id = aws_security_group.nodes.id
}

resource "aws_eks_cluster" "shop" {
  name     = var.cluster
  version  = var.kubernetes_version
  role_arn = data.aws_iam_role.shop["cluster"].arn
  tags     = { team = "shop" }

  vpc_config {
    subnet_ids              = local.subnets
    security_group_ids      = [aws_security_group.control_plane.id]
    endpoint_private_access = true
    endpoint_public_access  = true
    public_access_cidrs     = ["0.0.0.0/0"]
  }

  kubernetes_network_config {
    service_ipv4_cidr = "172.20.0.0/16"
    ip_family         = "ipv4"
  }

  access_config {
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = false
  }

  # EKS does not tell them of a cluster that is imported.
  lifecycle {
    ignore_changes = [bootstrap_self_managed_addons, access_config[0].bootstrap_cluster_creator_admin_permissions]
  }
}

resource "aws_eks_access_entry" "operator" {
  cluster_name  = aws_eks_cluster.shop.name
  principal_arn = data.aws_iam_role.shop["operator"].arn
}

resource "aws_eks_access_policy_association" "operator" {
  cluster_name  = aws_eks_cluster.shop.name
  principal_arn = aws_eks_access_entry.operator.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}

resource "aws_eks_addon" "vpc_cni" {
  cluster_name = aws_eks_cluster.shop.name
  addon_name   = "vpc-cni"
}

resource "aws_eks_addon" "kube_proxy" {
  cluster_name = aws_eks_cluster.shop.name
  addon_name   = "kube-proxy"
}

resource "aws_eks_addon" "coredns" {
  cluster_name = aws_eks_cluster.shop.name
  addon_name   = "coredns"
}

resource "aws_eks_addon" "pod_identity" {
  cluster_name = aws_eks_cluster.shop.name
  addon_name   = "eks-pod-identity-agent"
}

module "nodes" {
  source             = "./nodes"
  for_each           = { general = 2, ingress = 1 }
  cluster            = aws_eks_cluster.shop.name
  name               = each.key
  desired_size       = each.value
  role_arn           = data.aws_iam_role.shop["node"].arn
  subnet_ids         = local.subnets
  security_group_ids = [aws_security_group.nodes.id]
}

resource "aws_lb" "shop" {
  name                             = var.cluster
  load_balancer_type               = "network"
  internal                         = true
  subnets                          = local.subnets
  enable_cross_zone_load_balancing = true
  tags                             = { team = "shop" }
}

resource "aws_lb_target_group" "http" {
  name               = "${var.cluster}-http"
  vpc_id             = data.aws_vpc.shop.id
  protocol           = "TCP"
  port               = 30080
  preserve_client_ip = false

  health_check {
    protocol            = "TCP"
    port                = "traffic-port"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_target_group" "https" {
  name               = "${var.cluster}-https"
  vpc_id             = data.aws_vpc.shop.id
  protocol           = "TCP"
  port               = 30443
  preserve_client_ip = false

  health_check {
    protocol            = "TCP"
    port                = "traffic-port"
    interval            = 10
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.shop.arn
  protocol          = "TCP"
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.http.arn
  }

  # An import reads the target group both ways.
  lifecycle {
    ignore_changes = [default_action[0].forward]
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.shop.arn
  protocol          = "TCP"
  port              = 443

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.https.arn
  }

  # An import reads the target group both ways.
  lifecycle {
    ignore_changes = [default_action[0].forward]
  }
}

resource "aws_autoscaling_attachment" "general_http" {
  autoscaling_group_name = module.nodes["general"].auto_scaling_group
  lb_target_group_arn    = aws_lb_target_group.http.arn
}

resource "aws_autoscaling_attachment" "general_https" {
  autoscaling_group_name = module.nodes["general"].auto_scaling_group
  lb_target_group_arn    = aws_lb_target_group.https.arn
}

resource "aws_autoscaling_attachment" "ingress_http" {
  autoscaling_group_name = module.nodes["ingress"].auto_scaling_group
  lb_target_group_arn    = aws_lb_target_group.http.arn
}

resource "aws_autoscaling_attachment" "ingress_https" {
  autoscaling_group_name = module.nodes["ingress"].auto_scaling_group
  lb_target_group_arn    = aws_lb_target_group.https.arn
}
