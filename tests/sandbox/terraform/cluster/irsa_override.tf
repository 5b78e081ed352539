# What the project of the cluster says otherwise where the network plugin has a role of its own.

resource "aws_eks_addon" "vpc_cni" {
  service_account_role_arn = aws_iam_role.cni.arn
}
