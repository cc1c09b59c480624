# The account's own named datasets, a thousand at most.
list "apify_dataset" "mine" {
  provider = apify
  limit    = 1000

  config {
    ownership = "ownedByMe"
  }
}

# All whose names begin with "product-", with every attribute.
list "apify_dataset" "products" {
  provider         = apify
  include_resource = true

  config {
    name_prefix = "product-"
  }
}
