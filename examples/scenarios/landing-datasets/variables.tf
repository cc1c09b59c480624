variable "sources" {
  description = "Names of the scraped sources. Each source has one dataset in each environment."
  type        = set(string)
  default     = ["products", "reviews", "sellers"]
}

variable "environments" {
  description = "Environments by name. disposable is whether datasets can be deleted even if they contain items, and general_access is their access level."
  type = map(object({
    disposable     = optional(bool, false)
    general_access = optional(string, "RESTRICTED")
  }))
  default = {
    dev        = { disposable = true, general_access = "ANYONE_WITH_ID_CAN_READ" }
    staging    = { disposable = true }
    production = {}
  }
}
