output "dataset_ids" {
  description = "The datasets' ids by environment and source, for the scraper's configuration."
  value = {
    for environment, _ in var.environments : environment => {
      for source in var.sources : source => apify_dataset.landing["${environment}-${source}"].id
    }
  }
}

output "item_urls" {
  description = "Where the items can be read without a token. Those of restricted datasets are signed, and secret."
  sensitive   = true
  value = {
    for environment, _ in var.environments : environment => {
      for source in var.sources : source => apify_dataset.landing["${environment}-${source}"].items_public_url
    }
  }
}
