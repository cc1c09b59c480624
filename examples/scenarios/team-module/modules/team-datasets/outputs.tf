output "ids" {
  description = "IDs of the datasets by name, without the name of the team."
  value       = { for name, dataset in apify_dataset.this : name => dataset.id }
}

output "console_urls" {
  description = "URLs of the datasets in Apify Console by name, without the name of the team."
  value       = { for name, dataset in apify_dataset.this : name => dataset.console_url }
}
