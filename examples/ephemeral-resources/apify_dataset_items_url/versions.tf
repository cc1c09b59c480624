terraform {
  required_version = ">= 1.11" # for the write-only argument

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
  }
}
