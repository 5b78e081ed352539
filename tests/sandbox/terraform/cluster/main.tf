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

resource "aws_security_group_rule" "http" {
  type              = "ingress"
  security_group_id = aws_security_group.nodes.id
  protocol          = "tcp"
  from_port         = 30080
  to_port           = 30080
  cidr_blocks       = [data.aws_vpc.shop.cidr_block]
  description       = "Load balancer to the ingress controller"
}

resource "aws_security_group_rule" "https" {
  type              = "ingress"
  security_group_id = aws_security_group.nodes.id
  protocol          = "tcp"
  from_port         = 30443
  to_port           = 30443
  cidr_blocks       = [data.aws_vpc.shop.cidr_block]
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

resource "aws_launch_template" "general" {
  name                   = "${var.cluster}-general"
  instance_type          = "m6i.large"
  vpc_security_group_ids = [aws_security_group.nodes.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 40
      volume_type = "gp3"
      encrypted   = true
    }
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}

resource "aws_launch_template" "ingress" {
  name                   = "${var.cluster}-ingress"
  instance_type          = "m6i.large"
  vpc_security_group_ids = [aws_security_group.nodes.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 40
      volume_type = "gp3"
      encrypted   = true
    }
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}

resource "aws_eks_node_group" "general" {
  cluster_name    = aws_eks_cluster.shop.name
  node_group_name = "general"
  node_role_arn   = data.aws_iam_role.shop["node"].arn
  subnet_ids      = local.subnets
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  labels          = { "shop.example.com/pool" = "general" }
  tags            = { team = "shop" }

  launch_template {
    id      = aws_launch_template.general.id
    version = aws_launch_template.general.default_version
  }

  scaling_config {
    min_size     = 1
    max_size     = 4
    desired_size = 2
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

resource "aws_eks_node_group" "ingress" {
  cluster_name    = aws_eks_cluster.shop.name
  node_group_name = "ingress"
  node_role_arn   = data.aws_iam_role.shop["node"].arn
  subnet_ids      = local.subnets
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  labels          = { "shop.example.com/pool" = "ingress" }
  tags            = { team = "shop" }

  launch_template {
    id      = aws_launch_template.ingress.id
    version = aws_launch_template.ingress.default_version
  }

  scaling_config {
    min_size     = 1
    max_size     = 4
    desired_size = 1
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
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
  autoscaling_group_name = aws_eks_node_group.general.resources[0].autoscaling_groups[0].name
  lb_target_group_arn    = aws_lb_target_group.http.arn
}

resource "aws_autoscaling_attachment" "general_https" {
  autoscaling_group_name = aws_eks_node_group.general.resources[0].autoscaling_groups[0].name
  lb_target_group_arn    = aws_lb_target_group.https.arn
}

resource "aws_autoscaling_attachment" "ingress_http" {
  autoscaling_group_name = aws_eks_node_group.ingress.resources[0].autoscaling_groups[0].name
  lb_target_group_arn    = aws_lb_target_group.http.arn
}

resource "aws_autoscaling_attachment" "ingress_https" {
  autoscaling_group_name = aws_eks_node_group.ingress.resources[0].autoscaling_groups[0].name
  lb_target_group_arn    = aws_lb_target_group.https.arn
}
