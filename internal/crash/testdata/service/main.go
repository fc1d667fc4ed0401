// Service stands for what is fixed: it says which version it is.
package main

import "fmt"

// version is set when it is linked.
var version = "none"

func main() { fmt.Println(version) }
