"""The words of reports in English and Portuguese. English is the key; what a report counts stands in braces."""

from collections.abc import Mapping
from datetime import date, datetime

from application.reports.contents import Language

PORTUGUESE: Mapping[str, str] = {
    # Of all reports
    "Made on {at} UTC": "Emitido em {at} UTC",
    "Summary": "Resumo",
    "Documents": "Documentos",
    "Filter: {terms}": "Filtro: {terms}",
    "All documents": "Todos os documentos",
    "Size": "Tamanho",
    "Pages": "Páginas",
    "Passages": "Trechos",
    "Filename": "Nome do arquivo",
    "Type": "Tipo",
    "Status": "Situação",
    "Language": "Idioma",
    "External id": "Id externo",
    "Document id": "Id do documento",
    # Inventory
    "Inventory of documents": "Inventário de documentos",
    "inventory": "inventario",
    "Searchable": "Na busca",
    "Version": "Versão",
    "Created (UTC)": "Criado (UTC)",
    "Completed (UTC)": "Concluído (UTC)",
    "Error": "Erro",
    "There are no documents.": "Não há documentos.",
    "status": "situação",
    "external id": "id externo",
    "filename": "nome do arquivo",
    "filename with": "nome do arquivo com",
    "SHA-256": "SHA-256",
    "attached to": "anexado a",
    "awaiting_upload": "aguardando envio",
    "pending": "na fila",
    "processing": "em processamento",
    "completed": "concluído",
    "failed": "com falha",
    "cancelled": "cancelado",
    # Ingestion
    "Ingestion report": "Relatório de ingestão",
    "ingestion": "ingestao",
    "From {first} to {last} (UTC)": "De {first} a {last} (UTC)",
    "Processed": "Processados",
    "Completed": "Concluídos",
    "Failed": "Com falha",
    "Cancelled": "Cancelados",
    "Bytes completed": "Volume concluído",
    "Pages completed": "Páginas concluídas",
    "Passages made": "Trechos criados",
    "Documents a day": "Documentos por dia",
    "Pages a second of work": "Páginas por segundo de trabalho",
    "Median seconds a document": "Mediana de segundos por documento",
    "95th percentile of seconds": "Percentil 95 de segundos",
    "Documents a day by outcome": "Documentos por dia e resultado",
    "Days": "Dias",
    "Day": "Dia",
    "Stages": "Etapas",
    "Stage": "Etapa",
    "Mean seconds by stage": "Média de segundos por etapa",
    "Mean seconds": "Média (s)",
    "95th percentile (s)": "Percentil 95 (s)",
    "Total seconds": "Total (s)",
    "extracting": "extração",
    "embedding": "vetorização",
    "storing": "gravação",
    "Failures by code": "Falhas por código",
    "Failures": "Falhas",
    "Code": "Código",
    "Share": "Parcela",
    "Last (UTC)": "Última (UTC)",
    "Slowest documents": "Documentos mais lentos",
    "Seconds": "Segundos",
    "Nothing was processed in this time.": "Nada foi processado neste período.",
    "No document was completed in this time.": "Nenhum documento foi concluído neste período.",
    "Nothing failed in this time.": "Nada falhou neste período.",
    # Search
    "Search results": "Resultados da busca",
    "search": "busca",
    "Question: {query}": "Pergunta: {query}",
    "{found} passages, best first; {mode}": "{found} trechos, os melhores primeiro; {mode}",
    "1 passage; {mode}": "1 trecho; {mode}",
    "No passages; {mode}": "Nenhum trecho; {mode}",
    "by meaning and words": "por sentido e palavras",
    "by meaning": "por sentido",
    "by words": "por palavras",
    "In {count} chosen documents": "Em {count} documentos escolhidos",
    "Metadata: {terms}": "Metadados: {terms}",
    "Nothing was found.": "Nada foi encontrado.",
    "No.": "Nº",
    "Score": "Relevância",
    "First page": "Página inicial",
    "Last page": "Página final",
    "From character": "Do caractere",
    "To character": "Ao caractere",
    "Headings": "Títulos",
    "Text": "Texto",
    "page {first}": "página {first}",
    "pages {first} to {last}": "páginas {first} a {last}",
    "score {score}": "relevância {score}",
    "characters {start} to {end}": "caracteres {start} a {end}",
}


def say(language: Language, words: str, **values: object) -> str:
    """Return the words in that language."""
    template = PORTUGUESE[words] if language is Language.PORTUGUESE else words
    return template.format(**values) if values else template


def told_number(language: Language, value: float, *, decimals: int = 0) -> str:
    """Write a number as 1,234.5, in Portuguese as 1.234,5."""
    told = f"{value:,.{decimals}f}"
    return told.translate(str.maketrans(",.", ".,")) if language is Language.PORTUGUESE else told


def told_day(language: Language, day: date) -> str:
    """Write a day as 2026-01-31, in Portuguese as 31/01/2026."""
    return day.strftime("%d/%m/%Y") if language is Language.PORTUGUESE else f"{day:%Y-%m-%d}"


def told_instant(language: Language, at: datetime) -> str:
    """Write a time to the minute."""
    return f"{told_day(language, at.date())} {at:%H:%M}"
