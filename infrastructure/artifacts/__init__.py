"""Files made of reports: spreadsheets and printed pages."""
