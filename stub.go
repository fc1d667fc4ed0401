package hotfix

func (r *Result) Markdown() string { return "" }
