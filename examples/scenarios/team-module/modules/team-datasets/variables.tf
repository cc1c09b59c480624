variable "team" {
  description = "Name of the team. Must be 1 to 20 lower case letters and digits."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{1,20}$", var.team))
    error_message = "The team must be 1 to 20 lower case letters and digits."
  }
}

variable "datasets" {
  description = "Datasets by name, without the name of the team. general_access is their access level, and disposable is whether they can be deleted even if they contain items."
  type = map(object({
    general_access = optional(string, "RESTRICTED")
    disposable     = optional(bool, false)
  }))
}
