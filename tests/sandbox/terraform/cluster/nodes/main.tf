# One node group with its launch template.

variable "cluster" {
  type = string
}

variable "name" {
  type = string
}

# Its own name, where it has another one than by the cluster's.
variable "launch_template" {
  type    = string
  default = null
}

variable "desired_size" {
  type = number
}

variable "role_arn" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}

variable "security_group_ids" {
  type = list(string)
}

resource "aws_launch_template" "this" {
  name                   = coalesce(var.launch_template, "${var.cluster}-${var.name}")
  instance_type          = "m6i.large"
  vpc_security_group_ids = var.security_group_ids

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

resource "aws_eks_node_group" "this" {
  cluster_name    = var.cluster
  node_group_name = var.name
  node_role_arn   = var.role_arn
  subnet_ids      = var.subnet_ids
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  labels          = { "shop.example.com/pool" = var.name }
  tags            = { team = "shop" }

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.default_version
  }

  scaling_config {
    min_size     = 1
    max_size     = 4
    desired_size = var.desired_size
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}

output "auto_scaling_group" {
  value = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name
}
