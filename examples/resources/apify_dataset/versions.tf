terraform {
  required_version = ">= 1.12" # for the import by identity; the other files work with older releases

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}
