# By ID.
terraform import apify_dataset.prices WkzbQMuFYuamGv3YF

# By the address of the dataset in Apify Console.
terraform import apify_dataset.prices https://console.apify.com/storage/datasets/WkzbQMuFYuamGv3YF

# By name, in the account of the API token.
terraform import apify_dataset.prices '~product-prices'

# By name, in the account of a user. USERNAME/NAME works too.
terraform import apify_dataset.prices 'jane~product-prices'
