terraform {
  required_version = ">= 1.7"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

# The resource that created the dataset until now, a script in terraform_data. Terraform removes it
# from state, and does not run the script that deletes the dataset.
removed {
  from = terraform_data.prices

  lifecycle {
    destroy = false
  }
}

# The resource adopts the dataset by its name.
resource "apify_dataset" "prices" {
  name = "product-prices"
}
