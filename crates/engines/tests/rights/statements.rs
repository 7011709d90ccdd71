//! Random statements, as a caller might write them who tries to reach what is not open to him.

/// Small, seeded, the same everywhere: xorshift64*.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % bound
    }

    fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    fn of(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len())]
    }
}

/// A statement, and whether the order of its rows is left open while only some of them come.
pub(crate) struct Generated {
    pub(crate) sql: String,
    pub(crate) is_cut: bool,
}

/// What stands behind FROM, by the name that its columns are called by.
struct Source {
    text: String,
    called: String,
    /// A table, and no common table expression: it has system columns.
    is_table: bool,
}

/// Every table has the columns `id int`, `kind text` and `amount int`.
const TABLES: &[&str] = &[
    "orders",
    "customers",
    "public.orders",
    "public.customers",
    "other.notes",
    "sales",
    "visits",
    "public.sales",
    "public.visits",
    "sales",
    "visits",
    "orders",
    "customers",
];
const OPEN: &[&str] = &["orders", "customers", "public.orders", "other.notes"];
const CLOSED: &[&str] = &[
    "secret",
    "public.secret",
    "other.orders",
    "hidden.payroll",
    "\"Orders\"",
];
/// Names of common table expressions: most of them are names of tables as well.
const COMMON: &[&str] = &[
    "orders",
    "sales",
    "secret",
    "visits",
    "customers",
    "x",
    "payroll",
    "notes",
];
const COLUMNS: &[&str] = &["id", "kind", "amount"];
/// What becomes of a number `$`, by names with a schema or without.
const FORMS: &[&str] = &[
    "twice($)",
    "public.twice($)",
    "other.half($)",
    "pg_catalog.abs($)",
    "cast($ as pg_catalog.int4)",
    "$::other.small",
    "($ operator(pg_catalog.+) 1)",
    "($ + 1)",
    "($ +# 2)",
    "($ operator(other.+#) 2)",
    "(other.pair($)).a",
    "(row($)::other.single).a",
];
const CLOSED_FORMS: &[&str] = &[
    "hidden.peek($)",
    "peek($)",
    "$::hidden.small",
    "cast($ as hidden.small)",
    "($ operator(hidden.===) 2)",
    "($ === 2)",
    "(hidden.pair($)).a",
    "($).peek",
    "(row($)::hidden.single).a",
];
/// Conditions on the columns of `$`, and from the fifth on those on its system columns.
const CONDITIONS: &[&str] = &[
    "$.kind::other.mood < 'b'",
    "$.kind::text = other.mood 'a'::text",
    "$.kind operator(pg_catalog.~~) 'a%'",
    "$.id =# 2",
    "$.ctid <> '(0,2)'",
    "$.ctid in ('(0,1)', '(0,2)', '(0,3)')",
    "$.ctid = any (select i.ctid from public.sales i)",
    "$.tableoid = $.tableoid and $.xmin is not null",
    "ctid > '(0,1)'",
];
const CLOSED_CONDITIONS: &[&str] = &[
    "$.kind::hidden.mood < 'b'",
    "hidden.mood 'a' = 'a'",
    "$.id operator(hidden.=#) 2",
    "exists (select s.ctid from secret s where s.ctid = $.ctid)",
    "hidden.payroll.ctid is null",
];

pub(crate) struct Generator<'a> {
    random: &'a mut Random,
    /// Names that common table expressions have at this place.
    common: Vec<&'static str>,
    depth: usize,
    aliases: usize,
    is_cut: bool,
    /// A change, in which tables with a rule are refused by design: only now and then one is named.
    is_change: bool,
}

impl<'a> Generator<'a> {
    pub(crate) fn statement(random: &'a mut Random) -> Generated {
        let mut generator = Self {
            random,
            common: Vec::new(),
            depth: 0,
            aliases: 0,
            is_cut: false,
            is_change: false,
        };
        let kind = generator.random.below(10);
        generator.is_change = kind > 6;
        let sql = match kind {
            0..=6 => generator.query(3),
            7 => generator.insert(),
            8 if generator.random.one_in(3) => generator.table_from(),
            8 => generator.delete(),
            _ => generator.update(),
        };
        Generated {
            sql,
            is_cut: generator.is_cut,
        }
    }

    fn table(&mut self) -> String {
        if !self.common.is_empty() && self.random.one_in(2) {
            let index = self.random.below(self.common.len());
            return self.common[index].to_owned();
        }
        match self.random.below(16) {
            0 => self.random.of(CLOSED).to_owned(),
            _ if self.is_change && !self.random.one_in(16) => self.random.of(OPEN).to_owned(),
            _ => self.random.of(TABLES).to_owned(),
        }
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("a{}", self.aliases)
    }

    fn source(&mut self) -> Source {
        if self.depth < 2 && self.random.one_in(6) {
            let called = self.alias();
            let lateral = if self.random.one_in(4) {
                "lateral "
            } else {
                ""
            };
            let text = format!("{lateral}({}) as {called}", self.nested(3));
            return Source {
                text,
                called,
                is_table: false,
            };
        }
        let table = self.table();
        let is_table = !self.common.contains(&table.as_str());
        if self.random.one_in(3) {
            let called = self.alias();
            let word = self.random.of(&["as ", ""]);
            return Source {
                text: format!("{table} {word}{called}"),
                called,
                is_table,
            };
        }
        // Without an alias columns may be called by the table's name, with its schema or without.
        let bare = table.rsplit('.').next().unwrap_or(&table);
        let called = if self.random.one_in(2) { &table } else { bare };
        Source {
            called: called.to_owned(),
            text: table,
            is_table,
        }
    }

    fn column(&mut self, sources: &[Source]) -> String {
        let name = self.random.of(COLUMNS);
        if sources.len() == 1 && self.random.one_in(2) {
            return name.to_owned();
        }
        let index = self.random.below(sources.len());
        format!("{}.{name}", sources[index].called)
    }

    fn number(&mut self, sources: &[Source]) -> String {
        let index = self.random.below(sources.len());
        let name = self.random.of(&["id", "amount"]);
        let called = &sources[index].called;
        let number = format!("{called}.{name}");
        if !self.random.one_in(8) {
            return number;
        }
        // The row as a value knows no schema.
        let number = match self.random.below(4) {
            0 if !called.contains('.') => format!("({called}).{name}"),
            1 => format!("({number}).twice"),
            _ => number,
        };
        if self.random.one_in(12) {
            let form = self.random.of(CLOSED_FORMS);
            return form.replace('$', &number);
        }
        let form = self.random.of(FORMS);
        form.replace('$', &number)
    }

    /// A condition on what `*` does not show, or on a name with a schema.
    fn special(&mut self, sources: &[Source]) -> String {
        let source = &sources[self.random.below(sources.len())];
        let called = &source.called;
        let forms = if source.is_table {
            CONDITIONS
        } else {
            &CONDITIONS[..4]
        };
        let is_closed = self.random.one_in(12);
        let form = self
            .random
            .of(if is_closed { CLOSED_CONDITIONS } else { forms });
        form.replace('$', called)
    }

    fn condition(&mut self, sources: &[Source]) -> String {
        let number = self.number(sources);
        let other = self.number(sources);
        let literal = self.random.below(8);
        if self.random.one_in(6) {
            return self.special(sources);
        }
        match self.random.below(if self.depth < 2 { 12 } else { 9 }) {
            0 => format!("{number} = {literal}"),
            1 => format!("{number} < {literal}"),
            2 => format!("{number} <= {other}"),
            3 => format!("{number} in (1, 2, {literal})"),
            4 => format!("{number} between 1 and {literal}"),
            5 => format!("{number} is not null"),
            6 => {
                let index = self.random.below(sources.len());
                format!("{}.kind like 'a%'", sources[index].called)
            }
            7 => format!("not ({})", self.condition(sources)),
            8 => {
                let word = self.random.of(&["and", "or"]);
                format!("({} {word} {number} > {literal})", self.condition(sources))
            }
            9 => format!("{number} in ({})", self.nested(1)),
            10 => format!("exists ({})", self.nested(1)),
            _ => format!(
                "{number} >= (select max(q.c0) from ({}) as q)",
                self.nested(1)
            ),
        }
    }

    fn from(&mut self) -> (String, Vec<Source>) {
        let first = self.source();
        let mut text = first.text.clone();
        let mut sources = vec![first];
        // Few, so that the rows of one within another stay few.
        let most = if self.depth == 0 { 3 } else { 2 };
        while sources.len() < most && self.random.one_in(3) {
            let next = self.source();
            if sources.iter().any(|source| source.called == next.called) {
                break;
            }
            let next_text = next.text.clone();
            sources.push(next);
            match self.random.below(6) {
                0 => text = format!("{text}, {next_text}"),
                1 => text = format!("{text} cross join {next_text}"),
                kind => {
                    let join = ["join", "inner join", "left join", "full join"][kind - 2];
                    let condition = match kind {
                        // PostgreSQL joins so by equality alone.
                        5 => {
                            let last = sources.len() - 1;
                            format!("{}.id = {}.id", sources[0].called, sources[last].called)
                        }
                        _ => self.condition(&sources),
                    };
                    text = format!("{text} {join} {next_text} on {condition}");
                }
            }
        }
        (text, sources)
    }

    /// A query in a query, of so many columns, which are called `c0` and so on, or `id`, `kind`, `amount`.
    fn nested(&mut self, columns: usize) -> String {
        self.depth += 1;
        let text = self.select(columns);
        self.depth -= 1;
        text
    }

    fn select(&mut self, columns: usize) -> String {
        let (from, sources) = self.from();
        let list: Vec<_> = if columns == 3 {
            let own = COLUMNS.iter();
            own.map(|name| {
                let index = self.random.below(sources.len());
                format!("{}.{name} as {name}", sources[index].called)
            })
            .collect()
        } else {
            vec![format!("{} as c0", self.number(&sources))]
        };
        let distinct = if self.random.one_in(6) {
            "distinct "
        } else {
            ""
        };
        let mut text = format!("select {distinct}{} from {from}", list.join(", "));
        if self.random.one_in(2) {
            text = format!("{text} where {}", self.condition(&sources));
        }
        if self.depth < 2 && self.random.one_in(10) {
            let kind = self
                .random
                .of(&["union", "union all", "intersect", "except"]);
            text = format!("{text} {kind} {}", self.nested(columns));
        }
        text
    }

    /// `WITH` in front of what `body` makes.
    fn with(&mut self, body: impl FnOnce(&mut Self) -> String) -> String {
        let known = self.common.len();
        if !self.random.one_in(3) {
            return body(self);
        }
        let mut text = String::from("with ");
        let count = 1 + self.random.below(2);
        for index in 0..count {
            let name = self.random.of(COMMON);
            if self.common[known..].contains(&name) {
                break;
            }
            let query = self.nested(3);
            if index > 0 {
                text.push_str(", ");
            }
            text = format!("{text}{name} as ({query})");
            self.common.push(name);
        }
        let text = format!("{text} {}", body(self));
        self.common.truncate(known);
        text
    }

    fn query(&mut self, columns: usize) -> String {
        match self.random.below(14) {
            12 => {
                let source = self.source();
                let (called, text) = (&source.called, &source.text);
                let column = self.random.of(&["ctid", "tableoid", "xmin", "cmin"]);
                let list = match self.random.below(4) {
                    0 => format!("{called}.{column}"),
                    1 => format!("{column}, *"),
                    2 => format!("{called}.*, {called}.{column}"),
                    _ => format!("max({called}.ctid), count({called}.{column})"),
                };
                format!("select {list} from {text}")
            }
            13 => {
                let (from, sources) = self.from();
                let called = &sources[0].called;
                let whole = called.rsplit('.').next().unwrap_or(called);
                let list = match self.random.below(3) {
                    0 => format!("null::{}", self.random.of(OPEN)),
                    1 => format!("to_jsonb({whole})"),
                    _ => format!("({whole}).kind, pg_catalog.length({called}.kind)"),
                };
                format!("select {list} from {from}")
            }
            0 => {
                let table = self.table();
                let bare = table.rsplit('.').next().unwrap_or(&table).to_owned();
                format!("select {bare} from {table}")
            }
            1 => {
                let table = self.table();
                self.random
                    .of(&["select * from ", "select count(*) from "])
                    .to_owned()
                    + &table
            }
            2 => {
                let (from, sources) = self.from();
                let column = self.column(&sources);
                let number = self.number(&sources);
                format!(
                    "select {column} as g, count(*), sum({number}) from {from} group by 1 having count(*) > 0"
                )
            }
            3 => {
                let (from, sources) = self.from();
                format!("select {}.* from {from}", sources[0].called)
            }
            _ => self.with(|generator| {
                let text = generator.select(columns);
                if generator.random.one_in(6) {
                    generator.is_cut = true;
                    return format!("{text} limit 2");
                }
                text
            }),
        }
    }

    /// The target of a change: seldom one that may not be changed, but for common table expressions' names.
    fn target(&mut self) -> String {
        if !self.common.is_empty() && self.random.one_in(2) {
            let index = self.random.below(self.common.len());
            return self.common[index].to_owned();
        }
        match self.random.below(10) {
            0 => self.random.of(CLOSED).to_owned(),
            1 if self.random.one_in(3) => self.random.of(&["sales", "visits"]).to_owned(),
            _ => self
                .random
                .of(&["orders", "public.orders", "customers", "other.notes"])
                .to_owned(),
        }
    }

    fn insert(&mut self) -> String {
        self.with(|generator| {
            let target = generator.target();
            if generator.random.one_in(3) {
                return format!(
                    "insert into {target} (id, kind, amount) values (9, 'a', 9) returning id"
                );
            }
            let query = generator.nested(3);
            format!("insert into {target} (id, kind, amount) {query}")
        })
    }

    fn update(&mut self) -> String {
        self.with(|generator| {
            let target = generator.target();
            let value = if generator.random.one_in(3) {
                format!("(select max(q.c0) from ({}) as q)", generator.nested(1))
            } else {
                "t.amount + 1".to_owned()
            };
            let condition = if generator.random.one_in(2) {
                format!("t.id in ({})", generator.nested(1))
            } else {
                "t.id < 3".to_owned()
            };
            format!("update {target} as t set amount = {value} where {condition} returning t.id")
        })
    }

    fn delete(&mut self) -> String {
        self.with(|generator| {
            let target = generator.target();
            let source = generator.source();
            let using = match generator.random.below(3) {
                0 => format!(" using {} where t.id = {}.id", source.text, source.called),
                1 => format!(" where t.id in ({})", generator.nested(1)),
                _ => " where t.id = 1".to_owned(),
            };
            format!("delete from {target} as t{using} returning t.kind")
        })
    }

    fn table_from(&mut self) -> String {
        match self.random.below(3) {
            0 => format!("create table made (like {})", self.table()),
            _ => format!("create table made as {}", self.nested(3)),
        }
    }
}
