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

# The resource that created the dataset until now: a script in terraform_data. Terraform forgets the
# resource, and runs neither its provisioners for destruction nor any deletion.
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
