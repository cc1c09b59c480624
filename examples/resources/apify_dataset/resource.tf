# A dataset with all arguments. Every argument is optional.
resource "apify_dataset" "offers" {
  name           = "shop-offers"
  general_access = "RESTRICTED"

  schema = jsonencode({
    actorSpecification = 1

    fields = {
      type     = "object"
      required = ["sku", "price"]
      properties = {
        sku   = { type = "string" }
        price = { type = "number", minimum = 0 }
        url   = { type = ["string", "null"] }
      }
    }

    views = {
      prices = {
        title          = "Prices"
        transformation = { fields = ["sku", "price"] }
        display        = { component = "table" }
      }
    }
  })

  adopt_existing = true  # the default; false: an error if the name is taken
  force_destroy  = false # the default; true: the dataset may be deleted with its items

  timeouts = {
    create = "5m"
    read   = "5m"
    update = "5m"
    delete = "5m"
  }
}

# An unnamed dataset. Apify deletes it after the data retention period.
resource "apify_dataset" "scratch" {}
