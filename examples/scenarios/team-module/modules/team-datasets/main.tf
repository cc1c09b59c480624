# If a name is taken, the plan fails, so that no team adopts a dataset of another team.
resource "apify_dataset" "this" {
  for_each = var.datasets

  name           = "${var.team}-${each.key}"
  general_access = each.value.general_access
  adopt_existing = false
  force_destroy  = each.value.disposable
}
