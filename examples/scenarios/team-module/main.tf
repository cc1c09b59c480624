# Two teams use the same module. The names of a team's datasets start with the name of the team.

terraform {
  required_version = ">= 1.3"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

module "pricing" {
  source = "./modules/team-datasets"

  team = "pricing"
  datasets = {
    competitors = {}
    history     = {}
  }
}

module "search" {
  source = "./modules/team-datasets"

  team = "search"
  datasets = {
    keywords = { general_access = "ANYONE_WITH_NAME_CAN_READ" }
    scratch  = { disposable = true }
  }
}
