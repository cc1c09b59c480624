# A named dataset is kept until it is deleted.
resource "apify_dataset" "reviews" {
  name           = "product-reviews"
  general_access = "RESTRICTED"
}

# An unnamed dataset is deleted after the plan's data retention period.
resource "apify_dataset" "scratch" {}

# Everything that can be set.
resource "apify_dataset" "stock" {
  name           = "product-stock"
  general_access = "ANYONE_WITH_ID_CAN_READ"

  adopt_existing = false # an error if the name is taken already
  force_destroy  = true  # deleted even if it holds items

  timeouts = {
    create = "2m"
    read   = "1m"
    update = "2m"
    delete = "2m"
  }
}
