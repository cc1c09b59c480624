# The account's own named datasets, up to a thousand.
list "apify_dataset" "mine" {
  provider = apify
  limit    = 1000

  config {
    ownership = "ownedByMe"
  }
}

# All datasets with names that start with "product-", with all their attributes.
list "apify_dataset" "products" {
  provider         = apify
  include_resource = true

  config {
    name_prefix = "product-"
  }
}
