use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// A body that comes whole, or ends too soon.
#[derive(Debug)]
pub(super) struct Body {
    data: Option<Bytes>,
    /// How long it says it is; a stream does not say.
    length: Option<u64>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// What was written goes out first.
    Soon,
    Cut,
}

impl Body {
    /// Makes a body of which only so many bytes come, if a number is given.
    pub(super) fn new(data: Vec<u8>, cut_at: Option<usize>, streamed: bool) -> Self {
        let length = (!streamed).then_some(data.len() as u64);
        let mut data = Bytes::from(data);
        let end = match cut_at {
            Some(bytes) => {
                data.truncate(bytes);
                End::Soon
            }
            None => End::Whole,
        };
        Body { data: (!data.is_empty()).then_some(data), length, end }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Soon => {
                self.end = End::Cut;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Cut => Poll::Ready(Some(Err(io::Error::other("cut by the script")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.end == End::Whole
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length),
            None => SizeHint::default(),
        }
    }
}
