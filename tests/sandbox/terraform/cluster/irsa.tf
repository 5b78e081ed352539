# The roles that Pods take through the OIDC provider of the cluster.

locals {
  issuer = trimprefix(aws_eks_cluster.shop.identity[0].oidc[0].issuer, "https://")

  of_pods = {
    for account in ["default:cartservice", "kube-system:aws-node"] : account => {
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.pods.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${account}"
        }
      }
    }
  }
}

resource "aws_iam_openid_connect_provider" "pods" {
  url             = aws_eks_cluster.shop.identity[0].oidc[0].issuer
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
  tags            = { "alpha.eksctl.io/cluster-name" = aws_eks_cluster.shop.name }
}

resource "aws_iam_role" "cart" {
  name = "shop-irsa-cart"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [local.of_pods["default:cartservice"]]
  })
}

resource "aws_iam_role" "cni" {
  name = "shop-irsa-cni"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" },
      local.of_pods["kube-system:aws-node"],
    ]
  })
}
