-- The vocabulary of a standard shop, defined by adopt over what is bound, as far as the data can bear it.

-- Defines one word, or says why not: 'attribute' and 'source' (with `source` what it stands for) of the rule language, 'column' a computed column of customers.
CREATE FUNCTION segmentation._adopt_word(name text, kind text, expression text, description text, reason text,
  source text DEFAULT NULL, renames jsonb DEFAULT NULL) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer  segmentation._adopted;
  message text;
BEGIN
  answer.name := name;
  answer.kind := CASE kind WHEN 'source' THEN 'defined source' WHEN 'column' THEN 'computed column' ELSE kind END;
  answer.reason := COALESCE(reason || ': ', '') || COALESCE(source, expression) || CASE WHEN source IS NOT NULL THEN COALESCE(' where ' || expression, '') ELSE '' END;
  SELECT b.relation INTO answer.relation FROM segmentation.binding AS b WHERE b.role = 'customers';
  IF segmentation._adopt_known(name) THEN
    answer.kind := 'kept';
    answer.reason := 'it is defined already';
    RETURN answer;
  END IF;
  IF EXISTS (SELECT FROM segmentation._words(answer.relation) AS w WHERE segmentation._fold(w.word) = segmentation._fold(_adopt_word.name)) THEN
    answer.kind := 'column';
    answer.reason := 'a column of customers has this name';
    RETURN answer;
  END IF;
  BEGIN
    CASE kind
      WHEN 'attribute' THEN PERFORM segmentation_internal.define_attribute(name, expression, description);
      WHEN 'source' THEN PERFORM segmentation_internal.define_source(name, source, renames, expression, description);
      ELSE PERFORM segmentation_internal.bind_column('customers', name, expression);
    END CASE;
  EXCEPTION WHEN OTHERS THEN
    IF left(SQLSTATE, 2) NOT IN ('42', '22', '0A', '2B', '54') THEN RAISE; END IF;
    answer.kind := 'left out';
    answer.reason := answer.reason || ': ' || SQLERRM;
  END;
  RETURN answer;
END $$;

-- Defines a date of customers: in the time of the zone in which it was written, where it has none of its own.
CREATE FUNCTION segmentation._adopt_own_date(name text, customers regclass, column_name name, description text, hints jsonb) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  clock record;
BEGIN
  SELECT z.* INTO clock FROM segmentation._adopt_zone(customers, column_name, 'customers', hints) AS z;
  IF clock.problem IS NOT NULL THEN
    RETURN segmentation._adopt_doubt(name, 'unsure', customers, clock.problem
      || CASE WHEN segmentation._fold(column_name::text) = segmentation._fold(name) THEN '; rules read it in the shop''s zone until then' ELSE '' END);
  ELSIF clock.zone IS NOT NULL THEN
    RETURN segmentation._adopt_word(name, 'column', format('%I AT TIME ZONE %L', column_name, clock.zone), description, clock.reason);
  END IF;
  RETURN segmentation._adopt_word(name, 'attribute', segmentation._rule_name(column_name), description, COALESCE(clock.reason, 'the customers'' column'));
END $$;

-- Returns what customers' own columns may say: which sorts of values, and the columns' usual names.
CREATE FUNCTION segmentation._adopt_own_names(OUT name text, OUT sorts text[], OUT tiers text[], OUT description text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  VALUES
    ('email', '{text}'::text[], '{email|email_address|e_mail|mail}'::text[], 'The e-mail address'),
    ('phone', '{text}', '{phone|phone_number|telephone|mobile|mobile_phone|tel}', 'The telephone number'),
    ('name', '{text}', '{name|full_name|customer_name|display_name}', 'The customer''s name'),
    ('organization', '{text}', '{organization|organisation|company|company_name}', 'The company she buys for'),
    ('gender', '{text,boolean,integer}', '{gender|sex}', 'Gender, as the shop writes it'),
    ('birth_date', '{time}', '{birth_date|birthday|date_of_birth|dob|birthdate|born|born_on}', 'The day of birth'),
    ('registered_at', '{time}', '{registered_at|registration_date|registered_on|signup_date|signed_up_at|joined_at|date_joined|member_since|customer_since,created_at|created|created_on|date_created|creation_date|date_added}', 'When she registered'),
    ('customer_added_date', '{time}', '{registered_at|registration_date|registered_on|signup_date|signed_up_at|joined_at|date_joined|member_since|customer_since,created_at|created|created_on|date_created|creation_date|date_added}', 'When she was added'),
    ('email_subscription_status', '{text}', '{email_marketing_status|email_subscription|email_subscription_state|newsletter_status}', 'Whether she gets e-mails, in the shop''s own words'),
    ('sms_subscription_status', '{text}', '{sms_marketing_status|sms_subscription|sms_subscription_state}', 'Whether she gets text messages, in the shop''s own words'),
    ('created_by_app_id', '{integer,text,uuid}', '{created_by_app|source_app_id|source_app}', 'By which application she was added'),
    ('accepts_sms', '{boolean}', '{accepts_sms|sms_marketing|sms_opt_in|sms_consent|sms_subscribed|accepts_sms_marketing|sms_marketing_consent}', 'Whether she agreed to text messages'),
    ('accepts_marketing', '{boolean}', '{accepts_marketing|marketing_consent|newsletter|marketing_opt_in|email_opt_in|opt_in|is_subscribed|newsletter_subscribed|accepts_newsletter|subscribed|marketing}', 'Whether she agreed to marketing'),
    ('customer_language', '{text}', '{language|locale|lang|language_code|preferred_language}', 'Her language'),
    ('customer_account_status', '{text}', '{account_status|customer_status,status}', 'The state of her account'),
    ('city', '{text}', '{city|town}', 'Her city'),
    ('region', '{text}', '{region|state|province|county}', 'Her region'),
    ('country', '{text}', '{country|country_code|country_name}', 'Her country'),
    ('location', '{text}', '{location,city|town}', 'Where she lives'),
    ('manager_name', '{text}', '{manager_name|manager|account_manager}', 'Who looks after her'),
    ('customer_tags', '{text[]}', '{tags|labels}', 'Her tags'),
    ('latitude', '{number}', '{latitude|lat|geo_lat}', 'Her latitude, for customer_within_distance'),
    ('longitude', '{number}', '{longitude|lng|lon|long|geo_lng|geo_lon}', 'Her longitude, for customer_within_distance'),
    ('points_expire_at', '{time}', '{points_expire_at|points_expiry|points_expire_on|bonus_expires_at|points_expiry_date}', 'When her points expire')
$$;

-- Defines what customers' own columns say under other names than the usual ones.
CREATE FUNCTION segmentation._adopt_own_words(hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  customers regclass := (SELECT b.relation FROM segmentation.binding AS b WHERE b.role = 'customers');
  item  record;
  hit record;
  first name;
  last  name;
  stated   text[] := '{}'; -- in the shop's own words
  implied  text;
  located  boolean := EXISTS (SELECT FROM segmentation._adopt_columns(customers) AS c WHERE c.words ~ '(city|town|zip|postcode|postalcode|country|address|street)' AND c.words !~ 'mail');
BEGIN
  FOR item IN
    SELECT w.* FROM segmentation._adopt_own_names() AS w LOOP
    -- A state is one of an address only beside the rest of it.
    IF NOT located AND item.name = 'region' THEN item.tiers := '{region|province|county}';
    ELSIF NOT located AND item.name = 'customer_account_status' THEN item.tiers := item.tiers || '{state}';
    END IF;
    implied := CASE item.name WHEN 'accepts_sms' THEN 'sms_subscription_status' ELSE 'email_subscription_status' END;
    SELECT c.* INTO hit FROM segmentation._adopt_column(customers, item.sorts, item.name || item.tiers, hints ->> ('customers.' || item.name)) AS c;
    -- A birthday is a day, whatever it is kept as.
    IF hit.name IS NOT NULL AND item.sorts = '{time}' AND item.name <> 'birth_date' THEN
      RETURN NEXT segmentation._adopt_own_date(item.name, customers, hit.name, item.description, hints);
    ELSIF hit.name IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word(item.name, 'attribute', segmentation._rule_name(hit.name), item.description, 'the customers'' column');
    ELSIF hit.rivals IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_doubt(item.name, 'ambiguous', customers, format('%s could be it; say {"customers.%s": "%s"}', segmentation._and(hit.rivals), item.name, hit.rivals[1]));
    ELSIF item.name = 'name' THEN
      first := (segmentation._adopt_column(customers, '{text}', '{first_name|given_name|firstname|fname}', NULL)).name;
      last := (segmentation._adopt_column(customers, '{text}', '{last_name|family_name|surname|lastname|lname}', NULL)).name;
      IF first IS NOT NULL AND last IS NOT NULL THEN
        RETURN NEXT segmentation._adopt_word('name', 'column', format('NULLIF(btrim(COALESCE(%I, '''') || '' '' || COALESCE(%I, '''')), '''')', first, last),
          item.description, 'of two columns');
      END IF;
    END IF;
    IF item.name = 'email' AND hit.name IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word('customer_email_domain', 'column', format('NULLIF(split_part(lower(%I::text), ''@'', 2), '''')', hit.name), NULL, 'what follows the @');
    ELSIF item.name = 'birth_date' AND hit.name IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word('age', 'attribute', 'age(birth_date)', 'Her age in whole years', NULL);
    ELSIF item.name IN ('email_subscription_status', 'sms_subscription_status') AND hit.name IS NOT NULL THEN
      stated := stated || item.name;
    ELSIF item.name IN ('accepts_marketing', 'accepts_sms') AND hit.name IS NOT NULL AND implied <> ALL (stated) THEN
      RETURN NEXT segmentation._adopt_word(implied, 'column',
        format('CASE WHEN %I THEN ''SUBSCRIBED'' WHEN NOT %1$I THEN ''NOT_SUBSCRIBED'' END', hit.name), NULL, 'Shopify''s words for it');
    END IF;
  END LOOP;
  SELECT string_agg(segmentation._rule_name(c.name) || ' IS NOT NULL', ' OR ' ORDER BY c.name) INTO item
  FROM segmentation._adopt_columns(customers) AS c WHERE c.words ~ '^(facebook|google|twitter|instagram|apple|linkedin|vk|social)(user|account|profile)?(id|uid)$';
  IF item.string_agg IS NOT NULL THEN
    RETURN NEXT segmentation._adopt_word('has_social_account', 'attribute', item.string_agg, 'Whether she has signed in by a social network', 'the customers'' columns');
  END IF;
END $$;

-- Binds a column of a source of customers as a list of theirs.
CREATE FUNCTION segmentation._adopt_list(name text, bound segmentation.binding, value name, condition text, reason text) RETURNS segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step segmentation._adopted := segmentation._adopt_note(name, 'set', bound.relation, reason, 'customers');
BEGIN
  IF segmentation._adopt_known(name) THEN RETURN segmentation._adopt_note(name, 'kept', bound.relation, 'it is bound already'); END IF;
  step.key := bound.key; step.of_key := bound.of_key; step.value := value; step.condition := condition;
  RETURN segmentation._adopt_bind(step, NULL);
END $$;

-- Defines shopify_email.opened and its like, by what the rows themselves call such an event.
CREATE FUNCTION segmentation._adopt_email_words(events segmentation.binding, hints jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kind     name := (segmentation._adopt_column(events.relation, '{text}', '{event|event_type|event_name|type|kind|action|activity}', hints ->> 'email_events.kind')).name;
  activity name := (segmentation._adopt_column(events.relation, '{integer,text,uuid}', '{activity_id,campaign_id|mailing_id|newsletter_id|message_id}', hints ->> 'email_events.activity')).name;
  item     record;
BEGIN
  FOR item IN
    SELECT w.word, w.description, string_agg(segmentation._rule_text(v), ', ' ORDER BY v) AS listed
    FROM (VALUES ('delivered', '^(deliver(ed|y)?|sent|send)$', 'E-mails that reached her'), ('opened', '^open(ed|s)?$', 'E-mails that she opened'),
                 ('clicked', '^(link)?click(ed|s)?$', 'E-mails in which she followed a link'), ('bounced', '^(hard|soft)?bounced?$', 'E-mails that could not be delivered'),
                 ('marked_as_spam', '^(markedasspam|spam|spamreport(ed)?|complain(t|ed))$', 'E-mails that she called spam'),
                 ('unsubscribed', '^unsubscribed?$', 'E-mails by which she left')) AS w(word, pattern, description)
      JOIN unnest(segmentation._adopt_distinct(events.relation, kind)) AS v ON replace(segmentation._words_of(v), '_', '') ~ w.pattern
    WHERE kind IS NOT NULL GROUP BY w.word, w.description
  LOOP
    RETURN NEXT segmentation._adopt_word('shopify_email.' || item.word, 'source', format('%s IN (%s)', segmentation._rule_name(kind), item.listed), item.description,
      'events', events.name, jsonb_strip_nulls(jsonb_build_object('activity_id', segmentation._rule_name(activity))));
  END LOOP;
  IF NOT FOUND THEN
    RETURN NEXT segmentation._adopt_note('shopify_email', 'left out', events.relation, 'nothing tells which e-mails were opened, or there are none yet');
  END IF;
END $$;

-- Defines the rest: what was bought and looked at, carts, places.
CREATE FUNCTION segmentation._adopt_other_words(hints jsonb, names jsonb) RETURNS SETOF segmentation._adopted
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bound  segmentation.binding;
  item   record;
  words  jsonb := '{}';
  plain  text;
  listed text;
BEGIN
  IF names ? 'items' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'items';
    SELECT b.key INTO item FROM segmentation.binding AS b WHERE b.name = names ->> 'product' AND b.of_id = bound.id;
    IF FOUND THEN words := words || jsonb_build_object('id', segmentation._rule_name(item.key)); END IF;
    IF names ? 'product' AND NOT words ? 'id' THEN
      SELECT b.lookup_key AS key INTO item FROM segmentation.binding AS b WHERE b.name = names ->> 'product';
      words := words || jsonb_build_object('id', format('%s.%s', segmentation._rule_name(names ->> 'product'), segmentation._rule_name(item.key)));
    END IF;
    FOR item IN SELECT b.name, b.relation, b.parent, r.role FROM (VALUES ('category'), ('brand')) AS r(role) JOIN segmentation.binding AS b ON b.name = names ->> r.role LOOP
      -- Of a tree it is the names of all above a category, too.
      SELECT CASE WHEN item.parent IS NULL THEN c.name ELSE 'path' END INTO plain
      FROM segmentation._adopt_column(item.relation, '{text}', ARRAY['name|title|label'], hints ->> (item.role || '.name')) AS c;
      IF plain IS NOT NULL THEN words := words || jsonb_build_object(item.role, format('%s.%s', segmentation._rule_name(item.name), segmentation._rule_name(plain))); END IF;
    END LOOP;
    IF names ? 'product' THEN
      FOR item IN SELECT r.*, b.relation FROM (VALUES ('category', '{category|category_name|product_type}'), ('brand', '{brand|brand_name|manufacturer|vendor}')) AS r(role, tiers)
                  JOIN segmentation.binding AS b ON b.name = names ->> 'product' WHERE NOT words ? r.role LOOP
        SELECT c.name INTO plain FROM segmentation._adopt_column(item.relation, '{text}', item.tiers::text[], hints ->> ('product.' || item.role)) AS c;
        IF plain IS NOT NULL THEN words := words || jsonb_build_object(item.role, segmentation._rule_name(names ->> 'product') || '.' || segmentation._rule_name(plain)); END IF;
      END LOOP;
    END IF;
    IF names ? 'product_categories' AND NOT words ? 'category' THEN
      words := words || jsonb_build_object('category', segmentation._rule_name(names ->> 'product_categories') || CASE WHEN EXISTS (
        SELECT FROM segmentation.binding AS b JOIN segmentation.binding AS t ON t.of_id = b.id AND t.parent IS NOT NULL
        WHERE b.name = names ->> 'product_categories') THEN '.path' ELSE '' END);
    END IF;
    IF names ? 'product_tags' THEN words := words || jsonb_build_object('tag', segmentation._rule_name(names ->> 'product_tags')); END IF;
    -- What the lines or products call so themselves needs no other word.
    SELECT jsonb_object_agg(w.key, w.value) INTO words FROM jsonb_each(words) AS w
    WHERE w.key = 'id' OR NOT EXISTS (SELECT FROM segmentation._words(bound.relation) AS o WHERE segmentation._fold(o.word) = w.key);
    RETURN NEXT segmentation._adopt_word('products_purchased', 'source', (
        SELECT segmentation._joined((segmentation._adopt_placed(b.relation, hints)).conditions, segmentation._rule_name(b.name) || '.')
        FROM segmentation.binding AS b WHERE b.name = names ->> 'orders'),
      'The lines of orders that are not cancelled', 'lines', bound.name, COALESCE(words, '{}'));
    FOR item IN SELECT w.* FROM (VALUES ('category', 'categories'), ('brand', 'brands')) AS w(one, several)
                WHERE words ? w.one OR EXISTS (SELECT FROM segmentation._adopt_columns(bound.relation) AS c WHERE c.sort = 'text' AND segmentation._fold(c.name) = w.one) LOOP
      RETURN NEXT segmentation._adopt_word(item.several || '_purchased', 'attribute', format('list(products_purchased.%s)', item.one),
        format('The %s of all that she bought, without cancelled orders', item.several), NULL);
    END LOOP;
  END IF;
  IF names ? 'carts' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'carts';
    SELECT c.name, c.sort INTO item FROM segmentation._adopt_columns(bound.relation) AS c
    WHERE c.sort IN ('time', 'boolean') AND c.words ~ '^(is)?(completed|converted|ordered|checkedout|finished)(at|on|date)?$'
       OR c.words IN ('orderid', 'order') AND c.sort IN ('integer', 'text', 'uuid') ORDER BY c.sort DESC LIMIT 1;
    IF bound.date IS NOT NULL AND bound.relation = (SELECT b.relation FROM segmentation.binding AS b WHERE b.name = names ->> 'orders') THEN
      RETURN NEXT segmentation._adopt_word('abandoned_checkout_date', 'attribute', format('last(%s.date)', segmentation._rule_name(bound.name)), 'When she last left a cart behind', 'rows that are no orders yet');
    ELSIF FOUND AND bound.date IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word('abandoned_checkout_date', 'attribute', format('last(%s.date MATCHES (%s %s))', segmentation._rule_name(bound.name),
        segmentation._rule_name(item.name), CASE item.sort WHEN 'boolean' THEN '!= true' ELSE 'IS NULL' END), 'When she last left a cart behind', 'carts that have become no order');
    ELSE
      RETURN NEXT segmentation._adopt_doubt('abandoned_checkout_date', 'left out', bound.relation, 'nothing tells which carts have become orders, or when they were filled');
    END IF;
  END IF;
  IF names ? 'addresses' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'addresses';
    FOR item IN SELECT w.* FROM (VALUES ('countries', '{country_code|country|country_name|country_iso}'), ('regions', '{region|state|province|county|region_name}'),
                                        ('cities', '{city|town|city_name}')) AS w(name, tiers) LOOP
      SELECT c.name INTO plain FROM segmentation._adopt_column(bound.relation, '{text}', item.tiers::text[], hints ->> ('addresses.' || item.name)) AS c;
      CONTINUE WHEN plain IS NULL;
      RETURN NEXT segmentation._adopt_list(item.name, bound, plain::name, bound.condition, format('its %I', plain));
      RETURN NEXT segmentation._adopt_word('customer_' || item.name, 'attribute', item.name, 'The ' || item.name || ' of all her addresses', NULL);
    END LOOP;
  END IF;
  IF names ? 'page_views' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'page_views';
    SELECT c.name INTO plain FROM segmentation._adopt_column(bound.relation, '{integer,text,uuid}', '{product_id|item_id|article_id|product}', hints ->> 'page_views.product') AS c;
    IF plain IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word('storefront.product_viewed', 'source', segmentation._rule_name(plain) || ' IS NOT NULL', 'Products that she looked at',
        'page views of products', bound.name, jsonb_build_object('id', segmentation._rule_name(plain)));
    END IF;
    -- A view of a product may bear the product's category.
    listed := COALESCE(' AND ' || segmentation._rule_name(plain) || ' IS NULL', '');
    SELECT c.name INTO plain FROM segmentation._adopt_column(bound.relation, '{integer,text,uuid}', '{collection_id|collection,category_id|category}', hints ->> 'page_views.collection') AS c;
    IF plain IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word('storefront.collection_viewed', 'source', segmentation._rule_name(plain) || ' IS NOT NULL' || listed, 'Categories that she looked at',
        'page views of categories', bound.name, jsonb_build_object('id', segmentation._rule_name(plain)));
    END IF;
  END IF;
  IF names ? 'subscriptions' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'subscriptions';
    SELECT c.name INTO plain FROM segmentation._adopt_column(bound.relation, '{text}', '{channel|type|kind|medium|messenger}', hints ->> 'subscriptions.channel') AS c;
    IF plain IS NOT NULL THEN
      SELECT c.name, c.sort INTO item FROM segmentation._adopt_columns(bound.relation) AS c
      WHERE c.sort = 'time' AND c.words ~ '^(unsubscribed|ended|cancell?ed)(at|on)$' OR c.sort = 'boolean' AND c.words ~ '^(is)?(active|subscribed|enabled)$' ORDER BY c.sort DESC LIMIT 1;
      RETURN NEXT segmentation._adopt_list('channels', bound, plain::name, NULLIF(concat_ws(' AND ', bound.condition,
        segmentation._rule_mark(item.name, item.sort, item.sort <> 'time')), ''),
        format('its %I', plain) || COALESCE(format(', where %I says that it holds', item.name), ''));
    END IF;
  END IF;
  IF names ? 'company' AND NOT names ? 'companies' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'company';
    SELECT c.name INTO plain FROM segmentation._adopt_column(bound.relation, '{text}', '{name|company_name|title|legal_name}', hints ->> 'company.name') AS c;
    IF plain IS NOT NULL THEN
      RETURN NEXT segmentation._adopt_word('companies', 'attribute', segmentation._rule_name(bound.name) || '.' || segmentation._rule_name(plain), 'The company that she buys for', NULL);
    END IF;
  END IF;
  IF names ? 'store_credit' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'store_credit';
    SELECT c.name INTO plain FROM segmentation._adopt_column(bound.relation, '{number}', '{balance,credit_balance|available_balance|current_balance}', hints ->> 'store_credit.balance') AS c;
    IF plain IS NULL THEN
      RETURN NEXT segmentation._adopt_note('store_credit_accounts', 'left out', bound.relation, 'which column has the balance is not clear; say {"store_credit.balance": "..."}');
    ELSE
      RETURN NEXT segmentation._adopt_word('store_credit_accounts', 'source', NULL, 'What the shop owes her', 'accounts', bound.name,
        CASE WHEN segmentation._fold(plain) = 'balance' THEN '{}' ELSE jsonb_build_object('balance', segmentation._rule_name(plain)) END);
    END IF;
  END IF;
  IF names ? 'email_events' THEN
    SELECT b.* INTO bound FROM segmentation.binding AS b WHERE b.name = names ->> 'email_events';
    RETURN QUERY SELECT w.* FROM segmentation._adopt_email_words(bound, hints) AS w;
  END IF;
END $$;
