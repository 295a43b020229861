"""Attribution: from query paintings to artists ranked by nearness in style, with the closest works by each."""
