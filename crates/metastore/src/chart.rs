use chrono::NaiveDateTime;
use tidegate_types::EntityKind;

use crate::Values;
use crate::table::{Entity, Storage, table};

table! {
    /// A chart: a row of `slices`.
    pub struct Chart in "slices" {
        uuid: Uuid | null, "UUID that identifies it, the same in every environment";
        created_on: Time | null, "When it was created, UTC", sort(9) filled();
        changed_on: Time | null, "When it was changed last, UTC", list(8) sort(8) filled();
        id: Integer, "Whole number that identifies it", list(0) sort(0);
        slice_name: Text | null, "The chart's name", list(1) sort(1) search(1) filter(1);
        datasource_id: Integer | null, "Id of the dataset behind it";
        datasource_type: Text | null, "Kind of source: table for datasets";
        datasource_name: Text | null, "Name of the dataset behind it", filter(3) operators(&["eq", "in", "like"]);
        viz_type: Text | null, "Kind of chart, such as table or echarts_timeseries_line",
            list(1) sort(1) filter(2) operators(&["eq", "in", "like"]);
        params: LongText | null, "Settings as JSON text";
        query_context: LongText | null, "The chart's query as JSON text";
        description: Text | null, "What its author wrote about it", list(1) sort(1) search(1);
        cache_timeout: Integer | null, "Seconds that its data may be cached";
        perm: Text | null, "Permission that opens it";
        schema_perm: Text | null, "Permission that opens its schema";
        catalog_perm: Text | null, "Permission that opens its catalog";
        last_saved_at: Time | null, "When somebody saved it last";
        last_saved_by_fk: Integer | null, "Id of the user who saved it last";
        certified_by: Text | null, "Who vouches for it", list(1);
        certification_details: Text | null, "What is vouched for", list(1);
        is_managed_externally: Flag, "Whether another system manages it";
        external_url: Text | null, "Where that other system shows it";
        created_by_fk: Integer | null, "Id of the user who created it", filter(4);
        changed_by_fk: Integer | null, "Id of the user who changed it last";
    }
}

impl Entity for Chart {
    const KIND: EntityKind = EntityKind::Chart;
    const PLURAL: &'static str = "charts";
    const STORAGE: Storage = Storage {
        operation: "read charts",
        tagged_as: Some("chart"),
        starred_as: Some("slice"),
        view: "Chart",
        join: |_| {},
    };
    type Parts = ();

    fn saved(values: Values<Self>, at: NaiveDateTime, by: i64) -> Values<Self> {
        values
            .or_set(Self::last_saved_at, at)
            .or_set(Self::last_saved_by_fk, by)
    }
}
