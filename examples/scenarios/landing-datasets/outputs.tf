output "dataset_ids" {
  description = "IDs of the datasets by environment and source, for the configuration of the scraper."
  value = {
    for environment, _ in var.environments : environment => {
      for source in var.sources : source => apify_dataset.landing["${environment}-${source}"].id
    }
  }
}

output "item_urls" {
  description = "URLs of the items by environment and source, for readers without a token. URLs of restricted datasets are signed and must be kept secret."
  sensitive   = true
  value = {
    for environment, _ in var.environments : environment => {
      for source in var.sources : source => apify_dataset.landing["${environment}-${source}"].items_public_url
    }
  }
}
