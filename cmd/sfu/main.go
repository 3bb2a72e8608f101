package main

import "sfu/internal/process"

func main() { process.Main("sfu", run) }
