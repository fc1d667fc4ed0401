package change

func licenseOf(dir string) string { return "" }
