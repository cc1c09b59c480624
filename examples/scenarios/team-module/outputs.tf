output "dataset_ids" {
  description = "The ids of all teams' datasets."
  value = {
    pricing = module.pricing.ids
    search  = module.search.ids
  }
}
