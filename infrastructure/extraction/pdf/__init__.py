"""PDF: pages in reading order, with what PDFium alone does not give."""
