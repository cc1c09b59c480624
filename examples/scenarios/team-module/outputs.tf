output "dataset_ids" {
  description = "IDs of the datasets by team and name."
  value = {
    pricing = module.pricing.ids
    search  = module.search.ids
  }
}
