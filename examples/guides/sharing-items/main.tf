terraform {
  required_version = ">= 1.10"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1"
    }
  }
}

provider "apify" {}

# Anyone who knows the ID can read the items. The URL has no signature and never changes.
resource "apify_dataset" "open" {
  name           = "open-data"
  general_access = "ANYONE_WITH_ID_CAN_READ"
}

# Only the owner, and users that the owner shares the dataset with, can read it. The URL is signed.
resource "apify_dataset" "restricted" {
  name           = "restricted-data"
  general_access = "RESTRICTED"
}

output "open_url" {
  value     = apify_dataset.open.items_public_url
  sensitive = true
}

# A signed URL that is stored in state. After a refresh it is valid for 7 to 14 days.
output "restricted_url" {
  value     = apify_dataset.restricted.items_public_url
  sensitive = true
}

# A signed URL that is not stored.
ephemeral "apify_dataset_items_url" "restricted" {
  dataset_id = apify_dataset.restricted.id
  expires_in = "15m"
  format     = "csv"
}

resource "terraform_data" "download" {
  triggers_replace = [apify_dataset.restricted.id]

  provisioner "local-exec" {
    command = "curl --fail --silent --show-error --output restricted.csv \"$ITEMS_URL\""
    environment = {
      ITEMS_URL = ephemeral.apify_dataset_items_url.restricted.url
    }
  }
}
