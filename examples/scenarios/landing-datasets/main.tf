# A scraper writes to these datasets, one for each source in each environment. The output
# dataset_ids has the IDs for the scraper. The output item_urls has the URLs for readers of the
# items.

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
