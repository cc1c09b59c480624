# Apify keeps a named dataset until it is deleted.
resource "apify_dataset" "reviews" {
  name           = "product-reviews"
  general_access = "RESTRICTED"
}

# Apify deletes an unnamed dataset after the data retention period of the account's Apify plan.
resource "apify_dataset" "scratch" {}

# A dataset with all arguments.
resource "apify_dataset" "stock" {
  name           = "product-stock"
  general_access = "ANYONE_WITH_ID_CAN_READ"

  adopt_existing = false # fail if the name is taken
  force_destroy  = true  # delete the dataset even if it contains items

  timeouts = {
    create = "2m"
    read   = "1m"
    update = "2m"
    delete = "2m"
  }
}
