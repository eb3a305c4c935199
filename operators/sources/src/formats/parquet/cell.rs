use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions as time;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use rifflebox_core::{Fields, Value};

use crate::row::whole_number;

/// Returns one cell as a value; an error names a type that no value stands for.
///
/// Dates and times are text as ISO 8601 writes them, with a `Z` where they are instants; decimals are text; bytes are
/// text where they are UTF-8, else hexadecimal digits; a number that is none (NaN, infinite) is no value.
pub(super) fn value(array: &ArrayRef, row: usize) -> Result<Value, String> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Value::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::Int(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Int(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Int(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => whole_number(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float16 => float(array.as_primitive::<Float16Type>().value(row).into()),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => bytes(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().value(row)),
        DataType::Decimal32(..) => Value::Text(array.as_primitive::<Decimal32Type>().value_as_string(row)),
        DataType::Decimal64(..) => Value::Text(array.as_primitive::<Decimal64Type>().value_as_string(row)),
        DataType::Decimal128(..) => Value::Text(array.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Decimal256(..) => Value::Text(array.as_primitive::<Decimal256Type>().value_as_string(row)),
        DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) => clock(array, row)?,
        DataType::Timestamp(unit, zone) => instant(array, row, *unit, zone.is_some())?,
        DataType::List(_) => list(&array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row))?,
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row))?,
        DataType::Struct(_) => table(array, row)?,
        DataType::Map(..) => map(array, row)?,
        DataType::Dictionary(..) => {
            let keys = array.as_any_dictionary();
            let key = keys.normalized_keys().get(row).copied();
            value(keys.values(), key.ok_or("a damaged dictionary")?)?
        }
        other => return Err(format!("values of type {other}")),
    })
}

fn float(number: f64) -> Value {
    if number.is_finite() { Value::Float(number) } else { Value::Null }
}

fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => Value::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

fn list(items: &ArrayRef) -> Result<Value, String> {
    (0..items.len()).map(|index| value(items, index)).collect::<Result<_, _>>().map(Value::List)
}

fn table(array: &ArrayRef, row: usize) -> Result<Value, String> {
    let array = array.as_struct();
    let fields = array.fields().iter().zip(array.columns());
    let fields = fields.map(|(field, column)| Ok((field.name().clone(), value(column, row)?)));
    fields.collect::<Result<Fields, String>>().map(Value::Map)
}

/// Returns a map with its keys as text; keys that are none make a list of pairs.
fn map(array: &ArrayRef, row: usize) -> Result<Value, String> {
    let entries = array.as_map().value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    let pairs = (0..entries.len()).map(|index| Ok((value(keys, index)?, value(values, index)?)));
    let pairs: Vec<(Value, Value)> = pairs.collect::<Result<_, String>>()?;
    if pairs.iter().all(|(key, _)| matches!(key, Value::Text(_))) {
        let named = pairs.into_iter().filter_map(|(key, value)| Some((key.as_text()?.to_owned(), value)));
        return Ok(Value::Map(named.collect()));
    }
    Ok(Value::List(pairs.into_iter().map(|(key, value)| Value::List(vec![key, value])).collect()))
}

fn clock(array: &Arc<dyn Array>, row: usize) -> Result<Value, String> {
    let text = match array.data_type() {
        DataType::Date32 => time::date32_to_datetime(array.as_primitive::<Date32Type>().value(row))
            .map(|date| date.date().to_string()),
        DataType::Date64 => time::date64_to_datetime(array.as_primitive::<Date64Type>().value(row))
            .map(|date| date.date().to_string()),
        DataType::Time32(TimeUnit::Second) => {
            time::time32s_to_time(array.as_primitive::<Time32SecondType>().value(row))
                .map(|time| time.to_string())
        }
        DataType::Time32(_) => {
            time::time32ms_to_time(array.as_primitive::<Time32MillisecondType>().value(row))
                .map(|time| time.to_string())
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            time::time64us_to_time(array.as_primitive::<Time64MicrosecondType>().value(row))
                .map(|time| time.to_string())
        }
        _ => time::time64ns_to_time(array.as_primitive::<Time64NanosecondType>().value(row))
            .map(|time| time.to_string()),
    };
    text.map(Value::Text).ok_or_else(|| "a time out of range".to_owned())
}

fn instant(array: &ArrayRef, row: usize, unit: TimeUnit, zoned: bool) -> Result<Value, String> {
    let naive = match unit {
        TimeUnit::Second => {
            time::timestamp_s_to_datetime(array.as_primitive::<TimestampSecondType>().value(row))
        }
        TimeUnit::Millisecond => {
            time::timestamp_ms_to_datetime(array.as_primitive::<TimestampMillisecondType>().value(row))
        }
        TimeUnit::Microsecond => {
            time::timestamp_us_to_datetime(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        TimeUnit::Nanosecond => {
            time::timestamp_ns_to_datetime(array.as_primitive::<TimestampNanosecondType>().value(row))
        }
    };
    let text = naive.ok_or("a time out of range")?.to_string().replacen(' ', "T", 1);
    Ok(Value::Text(if zoned { text + "Z" } else { text }))
}
