"""The wall around exports and what is found; triggers that keep the words; a view to search."""

from django.db import migrations

from accounts.tenancy import SCOPED, tenant_table

INCIDENT = {"incident_id": "incidents_incident"}

# Letters as people type them: small, without the marks on Latin letters. The marks of other
# scripts stay (й is no и), but for the two dots of ё, which hardly anybody types.
FOLDED = """
create function incidents_folded(written text) returns text
language sql immutable strict parallel safe as $$
    select normalize(regexp_replace(
        normalize(
            replace(replace(replace(
                translate(lower(written), 'ёøłđı', 'еoldi'),
            'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),
        NFKD),
        '([a-z])[\\u0300-\\u036f]+', '\\1', 'g'
    ), NFC)
$$
"""

# Chinese has no blanks: each sign is written with the next one, and the last of a run by itself.
BIGRAMS = """
create function incidents_bigrams(written text) returns text
language sql immutable strict parallel safe as $$
    select case when written !~ '[\\u3400-\\u9fff]' then written else (
        select string_agg(
            case when ascii(sign) not between 13312 and 40959 then sign
                 when ascii(coalesce(next, ' ')) between 13312 and 40959 then ' ' || sign || next || ' '
                 else ' ' || sign || ' ' end,
            '' order by place
        )
        from (
            select sign, place, lead(sign) over (order by place) as next
            from string_to_table(written, null) with ordinality as signs (sign, place)
        ) as pairs
    ) end
$$
"""

CONFIGURATION = """
create function incidents_configuration(language text) returns regconfig
language sql immutable strict parallel safe as $$
    select case language
        when 'en' then 'pg_catalog.english'::regconfig
        when 'fr' then 'pg_catalog.french'::regconfig
        when 'nl' then 'pg_catalog.dutch'::regconfig
        when 'ru' then 'pg_catalog.russian'::regconfig
        else 'pg_catalog.simple'::regconfig
    end
$$
"""

# No word of a text begins with =, so that the customer and the language are lexemes like words.
VECTOR = """
create function incidents_vector(language text, customer bigint, written text) returns tsvector
language sql immutable strict parallel safe as $$
    select array_to_tsvector(array['=c' || customer, '=' || language]) || to_tsvector(
        incidents_configuration(language), incidents_bigrams(incidents_folded(written))
    )
$$
"""

# What is asked for, in each language as its texts were cut; a text is judged by its own only.
QUERY = """
create function incidents_query(wanted text[], unwanted text[], customers bigint[])
returns tsquery language plpgsql immutable parallel safe as $$
declare
    language text;
    customer bigint;
    words tsquery;
    part tsquery;
    term text;
    scope tsquery := '';
    found tsquery := '';
begin
    foreach language in array array['en', 'fr', 'nl', 'ru', 'zh-hans'] loop
        words := '';
        foreach term in array wanted loop
            words := words && incidents_query_part(language, term);
        end loop;
        continue when numnode(words) = 0;
        foreach term in array unwanted loop
            part := incidents_query_part(language, term);
            if numnode(part) > 0 then
                words := words && !!part;
            end if;
        end loop;
        found := found || (quote_literal('=' || language)::tsquery && words);
    end loop;
    foreach customer in array customers loop
        scope := scope || quote_literal('=c' || customer)::tsquery;
    end loop;
    return case when numnode(found) = 0 then found else scope && found end;
end
$$
"""

# A sign of Chinese by itself begins a pair, or is the last of a run.
QUERY_PART = """
create function incidents_query_part(language text, term text) returns tsquery
language sql immutable strict parallel safe as $$
    select case
        when char_length(term) = 1 and ascii(term) between 13312 and 40959
            then (quote_literal(term) || ':*')::tsquery
        else phraseto_tsquery(incidents_configuration(language), incidents_folded(term))
    end
$$
"""

# A vector holds at most a megabyte, and an act must never fail for what its incident says: of each
# message the first 8,000 signs are found, the latest messages first, 40,000 signs in all.
REFRESH = """
create function incidents_search_refresh(subject bigint) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into incidents_searchdocument (incident_id, customer_id, customer_words, staff_words)
    select
        incident.id,
        incident.customer_id,
        incidents_vector(incident.language, incident.customer_id, head.words || said.shown),
        incidents_vector(incident.language, incident.customer_id, head.words || said.shown || said.noted)
    from incidents_incident as incident
    left join accounts_product as product on product.id = incident.product_id
    cross join lateral (
        select concat_ws(
            E'\\n', incident.reference, incident.title, product.name, incident.product_version, ''
        ) as words
    ) as head
    cross join lateral (
        select
            coalesce(left(string_agg(left(text, 8000), E'\\n' order by id desc)
                filter (where kind <> 'note'), 40000), '') as shown,
            coalesce(E'\\n' || left(string_agg(left(text, 8000), E'\\n' order by id desc)
                filter (where kind = 'note'), 40000), '') as noted
        from incidents_message where incident_id = incident.id
    ) as said
    where incident.id = subject
    on conflict (incident_id) do update set
        customer_id = excluded.customer_id,
        customer_words = excluded.customer_words,
        staff_words = excluded.staff_words
$$
"""

ON_INCIDENT = """
create function incidents_search_on_incident() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform incidents_search_refresh(new.id);
    return null;
end
$$
"""

ON_MESSAGE = """
create function incidents_search_on_message() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform incidents_search_refresh(case when tg_op = 'DELETE' then old.incident_id else new.incident_id end);
    return null;
end
$$
"""

WRITTEN_BY_TRIGGERS = "revoke all on function incidents_search_refresh(bigint) from public"


def function(body: str, name: str) -> migrations.RunSQL:
    return migrations.RunSQL(body, f"drop function {name}")


def trigger(name: str, table: str, when: str, calls: str, condition: str = "") -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger {name} after {when} on {table} for each row {condition}"
        f" execute function {calls}()",
        f"drop trigger {name} on {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0010_search_and_exports"),
        ("accounts", "0009_wall_around_obligations"),
    ]

    operations = [
        *tenant_table("incidents_export", parents=INCIDENT),
        *tenant_table("incidents_searchdocument", parents=INCIDENT),
        function(FOLDED, "incidents_folded(text)"),
        function(BIGRAMS, "incidents_bigrams(text)"),
        function(CONFIGURATION, "incidents_configuration(text)"),
        function(VECTOR, "incidents_vector(text, bigint, text)"),
        function(QUERY_PART, "incidents_query_part(text, text)"),
        function(QUERY, "incidents_query(text[], text[], bigint[])"),
        function(REFRESH, "incidents_search_refresh(bigint)"),
        migrations.RunSQL(WRITTEN_BY_TRIGGERS, migrations.RunSQL.noop),
        function(ON_INCIDENT, "incidents_search_on_incident()"),
        function(ON_MESSAGE, "incidents_search_on_message()"),
        trigger("search_filed", "incidents_incident", "insert", "incidents_search_on_incident"),
        trigger(
            "search_renamed",
            "incidents_incident",
            "update of customer_id, language, product_id, product_version, reference, title",
            "incidents_search_on_incident",
            "when ((old.customer_id, old.language, old.product_id, old.product_version,"
            " old.reference, old.title) is distinct from (new.customer_id, new.language,"
            " new.product_id, new.product_version, new.reference, new.title))",
        ),
        trigger(
            "search_written",
            "incidents_message",
            "insert or delete or update of incident_id, kind, text",
            "incidents_search_on_message",
        ),
        migrations.RunSQL(
            "create view incidents_searched as select incident_id, customer_words, staff_words"
            f" from incidents_searchdocument where {SCOPED.format(column='customer_id')}",
            "drop view incidents_searched",
        ),
    ]
