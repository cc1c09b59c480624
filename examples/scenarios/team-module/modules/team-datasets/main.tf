# A name that is taken already is an error here, so that no team gets hold of another one's data.
resource "apify_dataset" "this" {
  for_each = var.datasets

  name           = "${var.team}-${each.key}"
  general_access = each.value.general_access
  adopt_existing = false
  force_destroy  = each.value.disposable
}
