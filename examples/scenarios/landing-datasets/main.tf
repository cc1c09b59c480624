# The datasets that a scraper writes to: one for each source, in each environment. The scraper gets
# the ids from the output dataset_ids, and whoever reads the items gets the URLs from item_urls.

provider "apify" {}

locals {
  landing = merge([
    for environment, settings in var.environments : {
      for source in var.sources : "${environment}-${source}" => settings
    }
  ]...)
}

resource "apify_dataset" "landing" {
  for_each = local.landing

  name           = "landing-${each.key}"
  general_access = each.value.general_access
  force_destroy  = each.value.disposable
}
