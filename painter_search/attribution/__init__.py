"""Attribution: from query paintings to artists ranked by nearness in style, with the works that speak for each."""
