# ruff: noqa: S608 -- statements are put together from the parts in this file; what users give is bound
"""The statements of search."""

from sqlalchemy import TextClause, text

from infrastructure.postgres.vectors import StoredModel

# With so many matching chunks or fewer, each is looked at: as quick as the index under a filter, and it misses none.
FEW_CHUNKS = 10_000

VISIBLE = """
    d.tenant_id = :tenant AND d.published_run IS NOT NULL
    AND (CAST(:documents AS uuid[]) IS NULL OR d.id = ANY(CAST(:documents AS uuid[])))
    AND d.metadata @> CAST(:metadata AS jsonb)
    AND (CAST(:keys AS bigint[]) IS NULL OR c.id = ANY(CAST(:keys AS bigint[])))
"""
VISIBLE_CHUNKS = f"documents d JOIN chunks c ON c.run_id = d.published_run WHERE {VISIBLE}"
ARE_FEW = text(f"SELECT count(*) <= {FEW_CHUNKS} FROM (SELECT 1 FROM {VISIBLE_CHUNKS} LIMIT {FEW_CHUNKS + 1}) few")

# The index on (language, …) is skipped through: one probe a language, however many postings there are.
LANGUAGES = text("""
    WITH RECURSIVE found AS (
        (SELECT language FROM postings ORDER BY language LIMIT 1)
        UNION ALL
        SELECT (SELECT p.language FROM postings p WHERE p.language > found.language ORDER BY p.language LIMIT 1)
        FROM found WHERE found.language IS NOT NULL
    )
    SELECT language FROM found WHERE language IS NOT NULL
""")
STATISTICS = text("SELECT language, count(*) AS chunks, avg(term_count) AS length FROM chunks GROUP BY language")

# BM25 with k1 = 0.9, b = 0.4 and idf = ln(1 + (N - df + 0.5) / (df + 0.5)), after Robertson and Zaragoza (2009), "The
# Probabilistic Relevance Framework". A term's df is the number of its postings. They are read twice, to count and to
# score, which is quicker than to keep them in between.
TOP = """
    WITH query AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:languages AS text[]), CAST(:terms AS text[]), CAST(:weights AS float8[]),
            CAST(:chunks AS float8[]), CAST(:lengths AS float8[])
        ) AS q(language, term, weight, chunks, length)
    ), weighted AS MATERIALIZED (
        SELECT q.language, q.term, CAST(0.36 AS float8) / q.length AS per_length,
            q.weight * 1.9 * ln(1 + (greatest(q.chunks, p.df) - p.df + 0.5) / (p.df + 0.5)) AS weight,
            count(*) OVER (PARTITION BY q.language) AS terms
        FROM query q CROSS JOIN LATERAL (
            SELECT count(*) AS df FROM postings WHERE language = q.language AND term = q.term
        ) p
    ), top AS MATERIALIZED (
        SELECT p.chunk,
            sum(w.weight * p.frequency / (p.frequency + CAST(0.54 AS float8) + w.per_length * p.length)) AS score
        FROM weighted w JOIN postings p ON p.language = w.language AND p.term = w.term
        {only}
        GROUP BY p.chunk {having} ORDER BY score DESC, p.chunk LIMIT :reach
    )
"""
KEYWORD_AMONG_FEW = text(
    TOP.format(only=f"WHERE p.chunk IN (SELECT c.id FROM {VISIBLE_CHUNKS})", having="")
    + "SELECT chunk, score, false AS is_cut FROM top ORDER BY score DESC, chunk"
)
KEYWORD = text(
    TOP.format(only="", having="")
    + f"""
    SELECT t.chunk, t.score, (SELECT count(*) = :reach FROM top) AS is_cut
    FROM top t JOIN chunks c ON c.id = t.chunk JOIN documents d ON d.published_run = c.run_id
    WHERE {VISIBLE}
    ORDER BY t.score DESC, t.chunk LIMIT :pool
    """
)
# A chunk has one language, so it has all terms of it if it has as many as there are.
HOLDING = text(
    TOP.format(only="", having="HAVING count(*) = max(w.terms)")
    + f"""
    SELECT chunk FROM (
        SELECT t.chunk, t.score
        FROM top t JOIN chunks c ON c.id = t.chunk JOIN documents d ON d.published_run = c.run_id
        WHERE {VISIBLE}
        UNION ALL
        SELECT c.id, 0 FROM {VISIBLE_CHUNKS} AND c.language = ANY(:languages_without_terms)
    ) holding
    ORDER BY score DESC, chunk
    """
)
# The relaxed order finds more of the nearest under a filter: the strict one drops what it finds too late.
SEARCH_SETTINGS = text("""
    SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', :width, true),
        set_config('plan_cache_mode', 'force_custom_plan', true)
""")
MOST_WIDTH = 1000  # pgvector's own bound of ef_search

COSINES = text("""
    SELECT chunk, 1 - (vector <=> CAST(:vector AS vector)) AS score FROM embeddings
    WHERE model = :model AND chunk = ANY(:keys)
""")

CHUNK_COLUMNS = """
    c.position, c.text, c.char_start, c.char_end, c.page_start, c.page_end, c.token_count, c.headings
"""
PASSAGES = text(f"""
    SELECT c.id AS key, c.chunk_id, c.document_id, d.filename, d.external_id, d.metadata, c.language, {CHUNK_COLUMNS}
    FROM chunks c JOIN documents d ON d.published_run = c.run_id
    WHERE c.id = ANY(:keys)
""")
TEXTS = text("SELECT id, text FROM chunks WHERE id = ANY(:keys)")
NEIGHBOURS = text(f"""
    SELECT found.id AS key, {CHUNK_COLUMNS}
    FROM chunks found JOIN chunks c ON c.run_id = found.run_id
        AND c.position BETWEEN found.position - :neighbours AND found.position + :neighbours
    WHERE found.id = ANY(:keys) AND c.id <> found.id
    ORDER BY c.position
""")


def nearest(model: StoredModel) -> TextClause:
    """Return the search by index: model and dimensions are literals, or the planner would not see that it fits."""
    distance = f"(e.vector::vector({model.dimensions})) <=> CAST(:vector AS vector({model.dimensions}))"
    return text(f"""
        SELECT e.chunk, 1 - ({distance}) AS score
        FROM embeddings e JOIN chunks c ON c.id = e.chunk JOIN documents d ON d.published_run = c.run_id
        WHERE e.model = {model.id} AND {VISIBLE}
        ORDER BY {distance} LIMIT :pool
    """)


def nearest_exactly(model: StoredModel) -> TextClause:
    """Return the search through every vector of the documents that match."""
    return text(f"""
        SELECT e.chunk, 1 - (e.vector <=> CAST(:vector AS vector)) AS score
        FROM (SELECT c.id FROM {VISIBLE_CHUNKS}) visible
        JOIN embeddings e ON e.chunk = visible.id AND e.model = {model.id}
        ORDER BY score DESC, e.chunk LIMIT :pool
    """)
