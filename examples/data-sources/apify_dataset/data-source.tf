# By name, in the account of the API token.
data "apify_dataset" "prices" {
  name = "product-prices"
}

# By ID.
data "apify_dataset" "by_id" {
  id = "WkzbQMuFYuamGv3YF"
}

# By name, in another account that shares the dataset with this one.
data "apify_dataset" "shared" {
  username = "acme"
  name     = "competitor-prices"
}

output "prices_id" {
  value = data.apify_dataset.prices.id
}

output "prices_fields" {
  value = data.apify_dataset.by_id.fields
}

output "shared_owner" {
  value = data.apify_dataset.shared.user_id
}
