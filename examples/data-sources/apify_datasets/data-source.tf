# The account's own datasets with names that start with "product-".
data "apify_datasets" "products" {
  ownership   = "ownedByMe"
  name_prefix = "product-"
}

# All datasets that the account can read, including unnamed ones.
data "apify_datasets" "all" {
  unnamed = true
}

output "product_dataset_ids" {
  value = { for d in data.apify_datasets.products.datasets : d.name => d.id }
}

output "dataset_count" {
  value = length(data.apify_datasets.all.datasets)
}
